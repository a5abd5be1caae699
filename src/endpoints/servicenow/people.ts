import type { PersonalFields } from '../../model/personal.js';

/** Columns that refer to a person: a sys_id, a display value, or a user name. */
const PEOPLE = [
  'caller_id',
  'opened_by',
  'assigned_to',
  'requested_by',
  'requested_for',
  'contact',
  'consumer',
  'closed_by',
  'resolved_by',
  'approval_set_by',
  'watch_list',
  'work_notes_list',
  'additional_assignee_list',
  'sys_created_by',
  'sys_updated_by',
  'user_name',
  'first_name',
  'last_name',
];

/** Columns with people's data. A reference comes as `{value, display_value}`, as text, or with its name in `<column>_name`. */
export const PEOPLE_FIELDS: PersonalFields = {
  names: PEOPLE.flatMap((column) => [column, `${column}.display_value`, `${column}.value`, `${column}_name`]),
  email: ['email'],
  phone: ['phone', 'business_phone', 'mobile_phone', 'home_phone'],
  address: ['street', 'zip', 'city', 'shipping_street', 'shipping_zip', 'shipping_city'],
};
