"""PostgreSQL behind the ports of the core; every statement lives in `sql/`.

await migrate(dsn, "payment")                            migrate.py    at every start
database = await Database.connect(dsn, "payment")        pool.py       one per service
SQL = Queries.load("payment")                            queries.py    sql/payment/queries.sql
await database.fetchrow(SQL["post"], payment_id)         pool.py       one round trip
database.refusing(NotEnoughPointsError)                  pool.py       what functions refuse with
PERFORM refuse('not_enough_points', extras)              in SQL        refusals.py maps it
PERFORM publish('payment.completed', payload, request)   in SQL        outbox.py carries it away
IF NOT apply_once(message_id, 'payment')                 in SQL        inbox.py does it for batches
await unit_of_work.run(database, work)                   unit_of_work.py  several statements
"""
