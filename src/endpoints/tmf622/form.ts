import type { SystemForm } from '../form.js';
import { TMF_NODES, versions } from '../tmf/form.js';

export const tmf622: SystemForm = {
  ...TMF_NODES,
  id: 'tmf622',
  label: 'TMF622 Product Ordering',
  entityTypes: ['productOrder'],
  newOnlyExample: "category = 'B2B product order'",
  wizard: {
    choices: versions('TMF622 Product Ordering'),
    roles: { orderVendor: { rank: 0, entityTypes: ['productOrder'] } },
  },
};
