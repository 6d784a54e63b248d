-- The statement that creates the database $1, or no row if it is there: CREATE DATABASE takes no
-- parameter and no transaction, so the caller executes what this returns.

SELECT format('CREATE DATABASE %I TEMPLATE template0', $1::text)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = $1::text);
