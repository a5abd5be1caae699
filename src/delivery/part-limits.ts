import { PARTS } from '../budgets.js';
import { say } from '../text/say.js';
import type { Leg } from './leg.js';

/**
 * A leg with the newest of its comments and files only where there are far too many: each becomes a delivery. `warning`: what is left
 * out, in words. `party`: the name of the target. Pure.
 */
export function withinLimits(leg: Leg, party: string): { leg: Leg; warning?: string } {
  const { comments, attachments } = leg;
  const left = [
    attachments.length > PARTS.attachments &&
      say`Only the newest ${PARTS.attachments} of ${attachments.length} new files are passed on to ${party}.`,
    comments.length > PARTS.comments &&
      say`Only the newest ${PARTS.comments} of ${comments.length} new comments are passed on to ${party}.`,
  ].filter(Boolean);
  return {
    leg: {
      ...leg,
      comments: comments.slice(-PARTS.comments),
      attachments: attachments.slice(-PARTS.attachments),
    },
    ...(left.length > 0 && { warning: left.join(' ') }),
  };
}
