import type { PersonalFields } from '../../model/personal.js';

/** Attributes with people's data, of all TM Forum APIs and their versions. */
export const PEOPLE_FIELDS: PersonalFields = {
  names: [
    'relatedParty.name',
    'partyOrPartyRole.name',
    'engagedParty.name',
    'contactMedium.contactName',
    'author',
    'changedBy',
    'givenName',
    'familyName',
    'fullName',
  ],
  email: ['email', 'emailAddress', 'notificationContact'],
  phone: ['phone', 'phoneNumber', 'faxNumber'],
  address: ['streetName', 'streetNr', 'street1', 'street2', 'postcode', 'postCode', 'city', 'locality'],
  isOrganisation: (party) => /organi[sz]ation/i.test(String(party['@referredType'] ?? party['@type'] ?? '')),
};
