// Permissions do not stop root: the process gives up its rights.
if (process.getuid() === 0) process.setuid(65534);
