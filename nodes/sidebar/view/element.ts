export { button, element } from '../../kit/editor/element.js';
