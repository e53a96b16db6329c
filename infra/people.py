"""Who may sign in: a Cognito user pool, whose groups are the roles."""

from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.stage import Stage

ROLES: Final = ("admin", "user")
_TOKEN_LIFE: Final = Duration.minutes(30)
"""As on one machine."""


class People(Construct):
    """The pool. Nobody signs up past our own door, so whoever is in it came through `POST /api/auth/signup` or from an operator."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        super().__init__(scope, id_)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=8,
                require_digits=False,
                require_lowercase=False,
                require_uppercase=False,
                require_symbols=False,
            ),
            deletion_protection=stage.keep_data,
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.pool, "COG1", "length makes a password strong, rules of composition do not: NIST SP 800-63B, 3.1.1.2"
        )
        acknowledge(
            self.pool, "COG2", "signing in is an API call with e-mail and password; a second factor is not offered yet"
        )
        acknowledge(
            self.pool,
            "COG8",
            "the Plus plan costs for every user; our own throttle counts attempts by account and by address",
        )
        for role in ROLES:
            cognito.CfnUserPoolGroup(self, role.title(), user_pool_id=self.pool.user_pool_id, group_name=role)
        self.client = self.pool.add_client(
            "Client",
            generate_secret=False,
            disable_o_auth=True,
            auth_flows=cognito.AuthFlow(admin_user_password=True),
            access_token_validity=_TOKEN_LIFE,
            id_token_validity=_TOKEN_LIFE,
            refresh_token_validity=Duration.days(30),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )

    @property
    def issuer(self) -> str:
        """What tokens of the pool name as their issuer.

        https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html (2026-11).
        """
        return f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}/{self.pool.user_pool_id}"

    def grant_manage(self, role: iam.Role, *actions: str) -> None:
        """These operations on this pool."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[f"cognito-idp:{action}" for action in actions], resources=[self.pool.user_pool_arn]
            )
        )
