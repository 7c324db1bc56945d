"""The running daemon: joins store, plugins, engine, Matrix, web and control socket, and takes them down in order."""
