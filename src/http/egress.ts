import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { say } from '../text/say.js';
import { type AddressKind, addressKind, kindText, OWN_NETWORK } from './address-kind.js';
import { type AllowedHost, isAllowedHost } from './allowed-hosts.js';

/** Resolves a host name to all of its addresses, as `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A request was not sent, because of where it would have gone. */
export class RefusedAddress extends Error {
  readonly code = 'ERR_ADDRESS';

  constructor(
    /** Why, as a sentence without its end. */
    reason: string,
    readonly hint: string,
    /** It would have gone to the endpoint itself, whose name may have another address later. */
    readonly passes = false,
  ) {
    super(reason);
  }
}

/**
 * Where the requests of one endpoint may go: to the origins that were typed (its base URL, its token URL), and to hosts that its
 * settings allow, whoever names them. Names are checked before anything is sent; addresses where a connection is made, so that a
 * name which gets another address meanwhile (DNS rebinding) is refused too:
 *
 * | host                  | its addresses may be                                                                     |
 * |-----------------------|------------------------------------------------------------------------------------------|
 * | typed, an address     | any: it was typed                                                                        |
 * | typed, a name         | public, and of an own network unless they were all public when it was first resolved     |
 * | allowed, an address   | any: it was typed                                                                        |
 * | allowed, a name       | public, or allowed themselves                                                            |
 *
 * A proxy resolves names itself; then only the hosts are checked.
 */
export class Egress {
  private readonly typed: ReadonlySet<string>;
  /** Of typed names: whether they were in an own network when they were first resolved. */
  private readonly atHome = new Map<string, boolean>();

  constructor(
    typed: readonly string[],
    private readonly allowed: readonly AllowedHost[] = [],
    private readonly resolve: Resolve = lookup,
  ) {
    this.typed = new Set(typed.filter((address) => URL.canParse(address)).map((address) => new URL(address).origin));
  }

  /** The same for addresses that the partner names: nothing was typed. */
  get elsewhere(): Egress {
    return new Egress([], this.allowed, this.resolve);
  }

  /** Whether requests may go there, if the host has no address that is refused. */
  allows(url: URL): boolean {
    return this.typed.has(url.origin) || isAllowedHost(this.allowed, url.hostname, portOf(url));
  }

  /** Throws RefusedAddress if no request may go there, whatever the address of the host. */
  admit(url: URL): void {
    if (this.allows(url)) return;
    const kind = kindOfLiteral(url.hostname);
    const host = shown(url);
    throw new RefusedAddress(
      kind === undefined
        ? say`${host} is neither the endpoint’s own host nor one of its other hosts`
        : say`${host} is ${kindText(kind)}, and not one of the endpoint’s other hosts`,
      say`If the host belongs to the partner, add ${host} to Other hosts in the endpoint’s settings and deploy. Then replay.`,
    );
  }

  /** Resolves the host of connections to an origin to those of its addresses that may be used. */
  lookup(url: URL): LookupFunction {
    return (hostname, options, callback) =>
      this.resolve(hostname, { ...options, all: true }, (error, addresses = []) => {
        const usable = error ? [] : this.usable(url, addresses);
        const [first] = usable;
        if (error) callback(error, '');
        else if (!first) callback(this.refusal(url, addresses[0]?.address ?? ''), '');
        else if (options.all) callback(null, usable);
        else callback(null, first.address, first.family);
      });
  }

  private usable(url: URL, addresses: readonly LookupAddress[]): LookupAddress[] {
    const found = addresses.map((one) => ({ one, kind: addressKind(one.address) }));
    const isOwn = ({ kind }: { kind?: AddressKind }) => kind !== undefined && OWN_NETWORK.has(kind);
    const isTyped = this.typed.has(url.origin);
    if (isTyped && found.length > 0 && !this.atHome.has(url.hostname)) this.atHome.set(url.hostname, found.some(isOwn));
    const mayBeOwn = isTyped && this.atHome.get(url.hostname) === true;
    return found
      .filter(({ one, kind }) => kind === undefined || (mayBeOwn && isOwn({ kind })) || this.isListed(url, one))
      .map(({ one }) => one);
  }

  private isListed(url: URL, { address, family }: LookupAddress): boolean {
    if (isIP(address) === 0) return false;
    const literal = new URL(`http://${family === 6 ? `[${address.split('%')[0]}]` : address}`).hostname;
    return isAllowedHost(this.allowed, literal, portOf(url));
  }

  private refusal(url: URL, address: string): RefusedAddress {
    const kind = addressKind(address) ?? 'reserved';
    const literal = isIP(address) === 6 ? `[${address}]` : address;
    const entry = url.port ? `${literal}:${url.port}` : literal;
    const isTyped = this.typed.has(url.origin);
    return new RefusedAddress(
      say`${shown(url)} has the address ${literal}, ${kindText(kind)}`,
      isTyped && OWN_NETWORK.has(kind)
        ? say`Nothing was sent. If the partner has moved there, deploy the endpoint again, or add ${entry} to Other hosts in its settings.`
        : say`Nothing was sent. If this is where the partner is, add ${entry} to Other hosts in the endpoint’s settings and deploy.`,
      isTyped,
    );
  }
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}

function kindOfLiteral(hostname: string): AddressKind | undefined {
  const plain = hostname.replace(/^\[|\]$/g, '');
  return isIP(plain) ? addressKind(plain) : undefined;
}

/** A host as it is entered in the settings. Names have no limit in URLs. */
function shown({ host }: URL): string {
  return host.length > 200 ? `${host.slice(0, 200)}…` : host;
}
