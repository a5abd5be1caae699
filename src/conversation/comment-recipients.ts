import type { GenericComment, GenericMessage } from '../model/message.js';
import type { Plan, PlannedLeg } from '../store/store.js';
import { isOver } from './plan.js';
import { itemsOfLeg } from './plan-legs.js';

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
 * A comment that begins with the name of legs, or of things that they deliver, and a colon goes to them. Otherwise one that may be an
 * answer goes to the legs that it names of those who may have asked, or to the only one that waits for an answer, so that it reaches nobody else. Any other goes to all
 * open legs, or where none is open to all that were ordered. Files go where the comments beside them go. Pure.
 * @param namesOf the names by which a comment may mean a leg
 * @param thingsOf names of what it delivers: one that is a single word (Phone) may be in any sentence, and names nobody there
 */
export function recipientsOf(
  plan: Plan,
  message: GenericMessage,
  namesOf: (leg: PlannedLeg) => readonly string[],
  thingsOf: (leg: PlannedLeg) => readonly string[] = () => [],
): Recipients {
  const taken = plan.legs.filter((leg) => leg.dropped === undefined);
  const open = taken.filter((leg) => !isOver(leg));
  const mayAnswer = message.event !== 'created';
  const waiting = open.filter((leg) => mayAnswer && leg.state === 'pending' && itemsOfLeg(plan, leg.leg).length > 0);
  const asked = taken.filter(({ leg }) => mayAnswer && plan.asked?.includes(leg));
  const asking = waiting.length > 0 ? waiting : asked;
  const everyone = open.length > 0 ? open : taken.filter((leg) => leg.refused === undefined);
  const legsFor = (text: string): readonly PlannedLeg[] => {
    const addressed = taken.filter((leg) => [...namesOf(leg), ...thingsOf(leg)].some((name) => isAddressed(text, name)));
    if (addressed.length > 0) return addressed;
    if (asking.length === 0) return everyone;
    const named = taken.filter(
      (leg) =>
        (waiting.includes(leg) || asked.includes(leg)) &&
        [...namesOf(leg), ...thingsOf(leg).filter(isDistinctive)].some((name) => isNamed(text, name)),
    );
    return named.length > 0 ? named : asking.length === 1 ? asking : [];
  };
  const comments = new Map<string, string[]>();
  const unclear: GenericComment[] = [];
  for (const comment of message.comments) {
    const legs = legsFor(comment.text);
    if (legs.length > 0) comments.set(comment.id, legsOf(legs));
    else if (asking.length > 0 && comment.visibility === 'public') unclear.push(comment);
  }
  const files = comments.size > 0 ? [...new Set([...comments.values()].flat())] : legsOf(asking.length > 0 ? asking : everyone);
  return { comments, files, unclear, asking: legsOf(asking) };
}

/** Who has asked since the customer's last comment, once these answers are queued for the legs that are reached. */
export function askedAfter({ asked = [] }: Plan, { comments }: Recipients, reached: ReadonlySet<string>): string[] {
  const answered = new Set([...comments.values()].flat());
  return asked.filter((leg) => !(answered.has(leg) && reached.has(leg)));
}

/** Whether a text begins with a name and a colon. */
function isAddressed(text: string, name: string): boolean {
  const [given, sought] = [text.trimStart().toLowerCase(), name.trim().toLowerCase()];
  return sought !== '' && given.startsWith(sought) && given.slice(sought.length).trimStart().startsWith(':');
}

/** Whether the name of a thing is more than a word of everyday language. */
function isDistinctive(name: string): boolean {
  return /[\s\d]/.test(name.trim());
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
