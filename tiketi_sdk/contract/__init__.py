"""What crosses the wire, said once: operations, structs, codes and messages. Pure: no I/O happens here.

The server, both clients, locust, OpenAPI and the reference pages all read these definitions.
"""
