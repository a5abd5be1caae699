// While the file named by FULL_DISK exists, the disk is full: no file can be written.
const { existsSync } = require('node:fs');
const files = require('node:fs/promises');

const { writeFile } = files;
files.writeFile = async (path, ...rest) => {
  if (!existsSync(process.env.FULL_DISK)) return writeFile(path, ...rest);
  throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: 'ENOSPC' });
};
