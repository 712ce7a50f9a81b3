"""Any exchange of ccxt by name: its public prices as references, and an account where a licence entry allows one."""
