"""Socket.IO for many thousands of sockets: the library's protocol, our own writing, every queue bounded."""
