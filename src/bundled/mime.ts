// Bundled into dist, see docs/development.md, "Dependencies".
export { default as mime } from 'mime';
