import type { GenericComment, GenericMessage } from '../model/message.js';
import type { Plan, PlannedLeg } from '../store/store.js';
import { isOver, itemsOfLeg } from './plan.js';

/** Which legs of a fanned-out order get the comments and files of a message. */
export interface Recipients {
  /** By the id of the comment. */
  comments: ReadonlyMap<string, readonly string[]>;
  files: readonly string[];
  /** Comments that may answer several questions, and name none of those who asked. */
  unclear: readonly GenericComment[];
  /** The legs that have asked. */
  asking: readonly string[];
}

/**
 * A comment that may be an answer goes to the leg that waits for one, so that it reaches only the vendor that asked; of several to
 * those that it names. Any other goes to all open legs, or where none is open to all that were ordered. Pure.
 * @param namesOf the names by which a comment may mean a leg
 */
export function recipientsOf(plan: Plan, message: GenericMessage, namesOf: (leg: PlannedLeg) => readonly string[]): Recipients {
  const taken = plan.legs.filter((leg) => leg.dropped === undefined);
  const open = taken.filter((leg) => !isOver(leg));
  const waiting = open.filter((leg) => leg.state === 'pending' && itemsOfLeg(plan, leg.leg).length > 0);
  const asked = taken.filter(({ leg }) => plan.asked?.includes(leg));
  const asking = message.event === 'created' ? [] : waiting.length > 0 ? waiting : asked;
  const everyone = open.length > 0 ? open : taken.filter((leg) => leg.refused === undefined);
  const comments = new Map<string, string[]>();
  const unclear: GenericComment[] = [];
  for (const comment of message.comments) {
    const named = asking.filter((leg) => namesOf(leg).some((name) => isNamed(comment.text, name)));
    const legs = asking.length === 0 ? everyone : asking.length === 1 ? asking : named;
    if (legs.length > 0) comments.set(comment.id, legsOf(legs));
    else if (comment.visibility === 'public') unclear.push(comment);
  }
  const files = asking.length > 0 ? asking : everyone;
  return { comments, files: legsOf(files), unclear, asking: legsOf(asking) };
}

/** Who has asked since the customer's last comment, once these answers are queued. */
export function askedAfter({ asked = [] }: Plan, { comments }: Recipients): string[] {
  const answered = new Set([...comments.values()].flat());
  return asked.filter((leg) => !answered.has(leg));
}

/** Whether a text has a name as a word of its own, whatever its case. */
function isNamed(text: string, name: string): boolean {
  const [given, sought] = [text.toLowerCase(), name.trim().toLowerCase()];
  if (sought === '') return false;
  for (let at = given.indexOf(sought); at >= 0; at = given.indexOf(sought, at + 1))
    if (!isLetter(given[at - 1]) && !isLetter(given[at + sought.length])) return true;
  return false;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

function legsOf(legs: readonly PlannedLeg[]): string[] {
  return legs.map(({ leg }) => leg);
}
