import { SwitchboardError } from '../../src/errors.js';
import { PreviewExpressions } from '../../src/mapping/preview-expressions.js';
import { say } from '../../src/text/say.js';
import type { Request } from './admin-routes.js';

/** Previews that run at once, of all users and of one. */
const AT_ONCE = 12;
const AT_ONCE_OF_ONE = 4;

/** Previews that run, by user. */
const running = new Map<string, number>();

/**
 * A request that tries out rules, which whoever may read can send: few at once, and each with a time for its expressions. Rejects
 * with SWB_BUSY.
 */
export function previewing<T>(work: (req: Request, expressions: PreviewExpressions) => Promise<T>): (req: Request) => Promise<T> {
  return async (req) => {
    const user = req.user && !req.user.anonymous ? (req.user.username ?? '') : undefined;
    const key = user ?? '';
    const own = running.get(key) ?? 0;
    const all = [...running.values()].reduce((sum, count) => sum + count, 0);
    if (all >= AT_ONCE || (user !== undefined && own >= AT_ONCE_OF_ONE))
      throw new SwitchboardError('SWB_BUSY', say`Too many previews run at once.`, { hint: say`Try again in a moment.` });
    running.set(key, own + 1);
    try {
      return await work(req, new PreviewExpressions());
    } finally {
      const left = (running.get(key) ?? 1) - 1;
      if (left > 0) running.set(key, left);
      else running.delete(key);
    }
  };
}
