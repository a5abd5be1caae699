import { say } from '../../text/say.js';

/** What an API's resources are called in texts. */
export type Noun = 'ticket' | 'order';

export function nounText(noun: Noun): string {
  return noun === 'order' ? say`order` : say`ticket`;
}

export function nounPlural(noun: Noun): string {
  return noun === 'order' ? say`orders` : say`tickets`;
}
