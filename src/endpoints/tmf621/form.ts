import type { SystemForm } from '../form.js';
import { TMF_NODES, versions } from '../tmf/form.js';

export const tmf621: SystemForm = {
  ...TMF_NODES,
  id: 'tmf621',
  label: 'TMF621 Trouble Ticket',
  entityTypes: ['troubleTicket'],
  newOnlyExample: "severity = 'Critical'",
  wizard: {
    choices: versions('TMF621 Trouble Ticket'),
    roles: {
      ticketCustomer: { rank: 1, entityTypes: ['troubleTicket'] },
      ticketProvider: { rank: 0, entityTypes: ['troubleTicket'] },
    },
  },
};
