"""The store on a PostgreSQL server; imported only when asked for, because it needs psycopg."""
