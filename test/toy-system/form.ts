import type { SystemForm } from '../form.js';
import { HTTP_SIGN_IN } from '../sign-in.js';

export const toy: SystemForm = {
  id: 'toy',
  label: 'Toy desk',
  color: '#B0C4DE',
  endpoint: {
    node: 'toy-endpoint',
    label: 'Toy desk',
    address: { example: 'https://desk.example' },
    signIn: [
      {
        id: 'deskKey',
        fields: [
          { name: 'deskKey', kept: 'secret', icon: 'fa-key' },
          { name: 'deskName', kept: 'setting', icon: 'fa-tag', optional: true },
        ],
      },
      HTTP_SIGN_IN.basic,
    ],
    settings: [{ kind: 'choice', name: 'room', default: 'north', values: ['north', 'south'] }],
    folds: [],
  },
  entityTypes: ['toyCase'],
  receive: { poll: { interval: '5' } },
  wizard: {
    choices: [{ id: '', label: 'Toy desk', settings: {} }],
    roles: { ticketCustomer: { rank: 9, entityTypes: ['toyCase'] }, ticketProvider: { rank: 9, entityTypes: ['toyCase'] } },
  },
};
