import { isReadable } from '../../../src/http/readable-address.js';
import { field, type Prefix, read } from './fields.js';

interface ConfigNode {
  verifyservercert?: boolean;
  url?: string;
  credentials?: { username?: string; has_password?: boolean; password?: string };
}

/** Shows a warning below an address that is http and on another machine. */
export function warnOfAddress(prefix: Prefix, name: string, translate: Translate): void {
  warn(prefix, name, () => (isReadable(String(read(prefix, name))) ? translate('risk.readable') : ''));
}

/** Shows a warning below a TLS configuration that verifies no certificate. */
export function warnOfTls(prefix: Prefix, translate: Translate): void {
  warn(prefix, 'tls', () => (configNode(prefix, 'tls')?.verifyservercert === false ? translate('risk.unverified') : ''));
}

/** Shows a warning below a proxy on another machine that gets a password over http. */
export function warnOfProxy(prefix: Prefix, translate: Translate): void {
  warn(prefix, 'proxy', () => {
    const { url = '', credentials = {} } = configNode(prefix, 'proxy') ?? {};
    const hasPassword = Boolean(credentials.username || credentials.has_password || credentials.password);
    return hasPassword && isReadable(url) ? translate('risk.readable') : '';
  });
}

function configNode(prefix: Prefix, name: string): ConfigNode | null {
  return RED.nodes.node(String(read(prefix, name))) as ConfigNode | null;
}

/** Keeps a warning below the row of a field, which is not folded away then: it is gone with its reason, and is hidden with the row. */
function warn(prefix: Prefix, name: string, reason: () => string): void {
  const input = field(prefix, name);
  const row = input.closest('.form-row');
  const shownBy =
    row
      .get(0)
      ?.getAttributeNames()
      .filter((attribute) => attribute.startsWith('data-show-')) ?? [];
  const line = $('<div class="switchboard-hint switchboard-risk" role="status"></div>');
  const update = () => {
    const text = reason();
    line.text(text).toggleClass('switchboard-no-risk', text === '');
  };
  for (const attribute of shownBy) line.attr(attribute, row.attr(attribute) ?? '');
  row.after(line);
  input.on('input change', update);
  update();
  if (reason()) line.closest('details').prop('open', true);
}
