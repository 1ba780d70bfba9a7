"""The Microsoft side: authorization (MSAL) and Graph."""
