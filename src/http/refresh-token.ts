import { createHash } from 'node:crypto';
import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import type { Auth, TokenKeeper } from './http.js';

type RefreshAuth = Extract<Auth, { kind: 'oauthRefreshToken' }>;

/** The last exchange of each token: with a partner that rotates them, using one twice may end all of them (RFC 9700 §4.14). */
const turns = new Map<string, Promise<unknown>>();
/** Tokens that are not kept yet: there was no keeper, as for a test in a dialog, or it could not write. */
const unkept = new Map<string, string>();

/**
 * A refresh token, which a partner may replace at each use. The one that was entered counts until the partner has issued another, which
 * counts from then on, for every client of this process with the same token URL, client id and entered token; a token that is
 * entered anew counts at once.
 */
export class RefreshToken {
  private readonly name: string;

  constructor(
    private readonly where: string,
    private readonly auth: RefreshAuth,
    private readonly keeper: () => TokenKeeper | undefined = () => undefined,
  ) {
    const { tokenUrl, clientId, refreshToken } = auth;
    this.name = createHash('sha256')
      .update(JSON.stringify([tokenUrl, clientId, refreshToken]))
      .digest('hex');
  }

  /**
   * Uses the current token, alone in this process. `use` returns what it got, and the token that the partner issued; that is durable
   * before this resolves. Throws PartnerError SWB_STORE if it cannot be kept.
   */
  exchange<T extends { refreshToken?: string }>(use: (token: string) => Promise<T>): Promise<T> {
    const turn = (turns.get(this.name) ?? Promise.resolve()).then(
      () => this.now(use),
      () => this.now(use),
    );
    turns.set(this.name, turn);
    const done = () => {
      if (turns.get(this.name) === turn) turns.delete(this.name);
    };
    turn.then(done, done);
    return turn;
  }

  private async now<T extends { refreshToken?: string }>(use: (token: string) => Promise<T>): Promise<T> {
    const keeper = this.keeper();
    await this.keep(keeper);
    const current = unkept.get(this.name) ?? (await keeper?.read(this.name)) ?? this.auth.refreshToken;
    const used = await use(current);
    if (used.refreshToken && used.refreshToken !== current) {
      unkept.set(this.name, used.refreshToken);
      await this.keep(keeper);
    }
    return used;
  }

  private async keep(keeper: TokenKeeper | undefined): Promise<void> {
    const token = unkept.get(this.name);
    if (token === undefined || !keeper) return;
    try {
      await keeper.write(this.name, token);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PartnerError('SWB_STORE', say`The refresh token that the partner has issued could not be kept: ${reason}`, {
        where: this.where,
        hint: say`It is kept with the next request. If the process ends before, enter a new refresh token in the endpoint’s settings.`,
        outcome: 'notDone',
        retry: true,
      });
    }
    unkept.delete(this.name);
  }
}
