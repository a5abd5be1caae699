// While the file named by FULL_DISK exists, the disk is full: no file can be written.
const { existsSync } = require('node:fs');
const files = require('node:fs/promises');

const { open, writeFile } = files;
const requireSpace = (path) => {
  if (!existsSync(process.env.FULL_DISK)) return;
  throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: 'ENOSPC' });
};
files.writeFile = async (path, ...rest) => {
  requireSpace(path);
  return writeFile(path, ...rest);
};
files.open = async (path, ...rest) => {
  const file = await open(path, ...rest);
  const write = file.write.bind(file);
  file.write = async (...given) => {
    requireSpace(path);
    return write(...given);
  };
  return file;
};
