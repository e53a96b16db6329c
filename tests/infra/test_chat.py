"""The chat door streams, by each of the ways it can be deployed."""

from tests.fakes.gateway import ROOT
from tests.infra.conftest import Synthesise, Synthesised


def test_the_url_streams_and_lets_everybody_ask_the_door(house: Synthesised) -> None:
    """Threat I17: the door itself asks for a credential on every route but its health."""
    url = house.the("AWS::Lambda::Url")
    permissions = [each["Properties"] for each in house.of("AWS::Lambda::Permission").values()]
    public = [each for each in permissions if each["Principal"] == "*"]

    assert (url["AuthType"], url["InvokeMode"]) == ("NONE", "RESPONSE_STREAM")
    assert {each["Action"] for each in public} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert all(each.get("FunctionUrlAuthType") == "NONE" or each.get("InvokedViaFunctionUrl") for each in public)


def test_our_own_runtime_is_started_by_a_script_that_is_in_the_zip(house: Synthesised) -> None:
    chat = house.functions()["chat"]
    script = chat["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"].removeprefix("/var/task/")

    assert chat["Handler"] == "functions.chat.main.handler"
    assert (ROOT / script).stat().st_mode & 0o111 == 0o111
    assert "Layers" not in chat


def test_the_web_adapter_is_a_switch_away(synthesise: Synthesise) -> None:
    """Trap 73: it is told to stream."""
    chat = synthesise(stage="prod", chat_runtime="web-adapter").functions()["chat"]

    assert "layer:LambdaAdapterLayerArm64:30" in str(chat["Layers"])
    assert chat["Environment"]["Variables"]["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert chat["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert (ROOT / chat["Handler"]).stat().st_mode & 0o111 == 0o111


def test_a_snapshot_is_called_by_its_alias(synthesise: Synthesise) -> None:
    snapped = synthesise(stage="prod", snap_start="true")
    (alias,) = snapped.of("AWS::Lambda::Alias")

    assert snapped.functions()["chat"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert snapped.the("AWS::Lambda::Url")["Qualifier"] == "live"
    assert snapped.template["Resources"][alias]["Properties"]["Name"] == "live"
    assert "SnapStart" not in snapped.functions()["accounts"]


def test_managed_instances_take_several_chats_each_and_reach_out_over_tls_alone(synthesise: Synthesise) -> None:
    """Threat E6."""
    placed = synthesise(stage="prod", managed_instances="true")
    chat = placed.functions()["chat"]
    rules = [
        rule
        for each in placed.of("AWS::EC2::SecurityGroup").values()
        for rule in each["Properties"].get("SecurityGroupEgress", ())
    ]

    assert chat["MemorySize"] >= 2048
    assert "PerExecutionEnvironmentMaxConcurrency" in str(chat["CapacityProviderConfig"])
    assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(443, 443)}


def test_the_processor_is_the_stages_to_choose(synthesise: Synthesise) -> None:
    assert synthesise(stage="dev", architecture="x86_64").functions()["chat"]["Architectures"] == ["x86_64"]
