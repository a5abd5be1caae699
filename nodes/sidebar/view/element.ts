export { button, element, fill } from '../../kit/editor/element.js';
