import type { Node, NodeAPI } from 'node-red';
import { isReadable } from '../../src/http/readable-address.js';
import { isThisMachine } from '../../src/http/this-machine.js';
import type { EndpointConfig } from './endpoint.config.js';
import { type ProxyNode, tokenAddress } from './http-options.js';
import { log } from './log.js';

const PLAIN = 'Use https: what is sent there can be read and changed on its way';

/** Warns in the log, with one line at each deploy, that what an endpoint sends is not protected on its way. */
export function warnOfRisks(RED: NodeAPI, node: Node, config: EndpointConfig, where: string): void {
  const tls = (config.tls ? RED.nodes.getNode(config.tls) : null) as (Node & { verifyservercert?: unknown }) | null;
  const proxy = (config.proxyUse === 'node' ? RED.nodes.getNode(config.proxy) : null) as unknown as ProxyNode | null;
  const signsInElsewhere = config.auth.startsWith('oauth') && config.tokenUrl;
  const plain = [
    readable(config.baseUrl) && 'base URL',
    signsInElsewhere && readable(tokenAddress(config)) && 'token URL',
    proxy?.credentials?.password && readable(proxy.url) && 'proxy, which gets a password',
  ].filter(Boolean);
  const risks = [
    ...(plain.length > 0 ? [`${PLAIN} (${plain.join(', ')}).`] : []),
    ...(tls?.verifyservercert === false
      ? ['The TLS configuration does not verify the server certificate: anyone on the way can pose as the partner.']
      : []),
  ];
  if (risks.length > 0) log(node, 'warn', `${where}: ${risks.join(' ')}`);
}

/** The same for the public URL of an in node, to which the partner sends: also where it names this machine, it is used by another. */
export function warnOfPublicUrl(node: Node, publicUrl: string | undefined, where: string): void {
  if (isReadable(publicUrl ?? '')) log(node, 'warn', `${where}: ${PLAIN} (public URL).`);
}

let warned = false;

/** Warns once that this process checks no certificate at all. */
export function warnOfUncheckedCertificates(node: Node): void {
  if (warned || process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  warned = true;
  log(
    node,
    'warn',
    'NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, so that anyone on the way can pose as any partner.',
  );
}

function readable(address = ''): boolean {
  return isReadable(address, isThisMachine);
}
