import { fileTypes } from '../../../src/delivery/file-types.js';
import { allowedHosts } from '../../../src/http/allowed-hosts.js';
import { isHeaderName, isRequestPath } from '../../../src/http/request-names.js';
import { field, read } from './fields.js';

/**
 * Validators of the dialogs. All accept `${NAME}`, because Node-RED replaces environment variables before a node reads its
 * settings, and all return an error message. Each declares two parameters: the editor shows messages only of validators that do.
 */
const ENVIRONMENT = /\$\{[^}]+\}/;

function isLiteral(value: unknown): value is string {
  return typeof value === 'string' && !ENVIRONMENT.test(value);
}

/** A complete http or https URL; `orPath`: a path is allowed as well. */
export function address<Config>({ optional = false, orPath = false } = {}): Validator<Config> {
  return function (value, _options) {
    if (!value) return optional || this._def._('invalid.missing');
    if (!isLiteral(value)) return true;
    if (orPath && /^[\w./~-]+$/.test(value)) return true;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) return this._def._('invalid.address');
    if (url.username || url.password) return this._def._('invalid.addressWithUser');
    return true;
  };
}

/** Host names or IP addresses, each with or without a port; may be empty, and is missing in flows saved before the setting existed. */
export function hosts<Config>(): Validator<Config> {
  return function (value, _options) {
    const { invalid } = isLiteral(value) ? allowedHosts(value) : {};
    return invalid === undefined || this._def._('invalid.hosts', { invalid });
  };
}

/** File extensions and media types; `${NAME}` may stand for some. */
export function typesOfFiles<Config>(): Validator<Config> {
  return function (value, _options) {
    if (!value?.trim()) return this._def._('invalid.missing');
    const { invalid } = isLiteral(value) ? fileTypes(value) : {};
    return invalid === undefined || this._def._('invalid.fileTypes', { invalid });
  };
}

/** A path that requests can have. */
export function requestPath<Config>({ optional = false } = {}): Validator<Config> {
  return function (value, _options) {
    if (!value) return optional || this._def._('invalid.missing');
    return !isLiteral(value) || isRequestPath(value) || this._def._('invalid.path');
  };
}

/** A name that headers can have. */
export function headerName<Config>(): Validator<Config> {
  return function (value, _options) {
    if (!value?.trim()) return this._def._('invalid.missing');
    return !isLiteral(value) || isHeaderName(value) || this._def._('invalid.header');
  };
}

interface Range {
  from: number;
  to?: number;
  /** Flows saved before the setting existed lack it; the node then uses its default. */
  optional?: boolean;
}

export function number<Config>({ from, to = Number.POSITIVE_INFINITY, optional = false }: Range): Validator<Config> {
  return function (value, _options) {
    if (optional && (value === undefined || value === '')) return true;
    if (typeof value === 'string' && ENVIRONMENT.test(value)) return true;
    const parsed = String(value).trim() === '' ? Number.NaN : Number(value);
    if (parsed >= from && parsed <= to) return true;
    return this._def._(to === Number.POSITIVE_INFINITY ? 'invalid.numberFrom' : 'invalid.numberBetween', { from, to });
  };
}

export function text<Config>(): Validator<Config> {
  return function (value, _options) {
    return (typeof value === 'string' && value.trim() !== '') || this._def._('invalid.missing');
  };
}

/**
 * Applies a validator only while another setting makes its field relevant: a hidden field must not mark a node as invalid. While
 * the dialog is open, its current values are checked, not the saved ones.
 */
export function when<Config>(condition: (node: Config) => boolean, validator: Validator<Config>): Validator<Config> {
  return function (value, options) {
    return condition(asEdited(this)) ? validator.call(this, value, options) : true;
  };
}

/** Whether a text is a JSONata expression, as far as the editor can tell before variables are replaced. */
export function isExpression(text: string): boolean {
  return !isLiteral(text) || RED.utils.validateTypedProperty(text, 'jsonata') === true;
}

/** A JSONata expression, or nothing. */
export function expression<Config>(): Validator<Config> {
  return function (value, _options) {
    return !value.trim() || isExpression(value) || this._def._('invalid.expression');
  };
}

/** A node with the values in its dialog, where that is open. */
export function asEdited<Config>(node: EditorNode<Config>): Config {
  if (RED.editor.getEditStack().at(-1)?.id !== node.id) return node;
  const prefix = node._def.category === 'config' ? 'node-config-input' : 'node-input';
  const shown = Object.keys(node._def.defaults).flatMap((name) =>
    field(prefix, name).length > 0 ? [[name, read(prefix, name)] as const] : [],
  );
  return { ...node, ...Object.fromEntries(shown) };
}
