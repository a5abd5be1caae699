/** Kinds of people's data that views and logs can mask. */
export const PERSONAL_CLASSES = ['names', 'email', 'phone'] as const;
export type PersonalClass = (typeof PERSONAL_CLASSES)[number];

/**
 * Where records hold people's data: the ends of paths, without the indexes of lists. `caller_id.display_value` is that property of
 * any `caller_id`, however deep; capitals do not matter.
 */
export interface PersonalFields {
  /** Names of people, and user names. */
  names: readonly string[];
  email?: readonly string[];
  phone?: readonly string[];
  /** Parts of postal addresses; replaced in exports. */
  address?: readonly string[];
  /** Whether an object with such a name describes an organisation and not a person. */
  isOrganisation?(owner: Readonly<Record<string, unknown>>): boolean;
}

/** Those of generic messages. `customer` is not among them: it is mostly a company. */
export const GENERIC_PERSONAL_FIELDS: PersonalFields = {
  names: ['requester.name', 'assignee.name', 'contact.name', 'author', 'changedBy'],
  email: ['requester.email', 'assignee.email', 'contact.email', 'customer.email'],
  phone: ['requester.phone', 'assignee.phone', 'contact.phone', 'customer.phone'],
  address: ['place.street', 'place.postcode', 'place.city'],
};
