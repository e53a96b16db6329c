"""The door to accounts: who somebody is, and the access tokens their programs call with."""
