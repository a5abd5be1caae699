// Bundled into dist, see docs/development.md, "Dependencies".
export { decodeHTML } from 'entities';
