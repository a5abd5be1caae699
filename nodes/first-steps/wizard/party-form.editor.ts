import { CREDENTIALS } from '../../kit/editor/endpoint-dialog.js';
import { entityTypesOf } from '../../kit/editor/entity-types.js';
import { field, type Prefix, read, showBy } from '../../kit/editor/fields.js';
import { address, text } from '../../kit/editor/validate.js';
import { serviceNowEndpointDefaults } from '../../servicenow-endpoint/servicenow-endpoint.config.js';
import { endpointSettings, endpointType, type News, type Party } from './lay-down.editor.js';
import type { Role, System } from './scenarios.editor.js';
import { translated } from './translated.editor.js';

/** The choice of a new endpoint. */
const NEW = '';
/** Systems a new endpoint can have: product names, the same in every language. */
const SYSTEMS: { value: string; label: string; auth: string; example: string }[] = [
  { value: 'servicenow', label: 'ServiceNow', auth: 'basic', example: 'https://acme.service-now.com' },
  ...(['tmf621', 'tmf622'] as const).flatMap((api) =>
    ['v4', 'v5'].map((version) => ({
      value: `${api} ${version}`,
      label: `${api === 'tmf621' ? 'TMF621 Trouble Ticket' : 'TMF622 Product Ordering'} ${version}`,
      auth: 'oauthClientCredentials',
      example: 'https://api.provider.example',
    })),
  ),
];
const SETTINGS = ['baseUrl', 'auth', 'apiKeyHeader', 'tokenUrl', 'scope'];
/** What a way to sign in cannot do without. */
const NEEDED: Record<string, string[]> = {
  basic: ['user'],
  bearer: ['token'],
  apiKey: ['apiKey', 'apiKeyHeader'],
  oauthClientCredentials: ['tokenUrl', 'clientId'],
  oauthPassword: ['tokenUrl', 'clientId', 'user'],
  oauthRefreshToken: ['tokenUrl', 'clientId', 'refreshToken'],
};

export interface PartyForm {
  role: Role;
  element: JQuery;
  party(): Party;
  /** Marks what is wrong; true when nothing is. */
  valid(): boolean;
}

/** The form of one party: an endpoint that is there, or what a new one needs. Checked as one types, once a field was left. */
export function partyForm(number: number, role: Role, translate: Translate, publicUrl: string): PartyForm {
  const prefix: Prefix = `switchboard-party-${number}`;
  const html = ($('#switchboard-wizard-party').html() ?? '').replaceAll('node-config-input-', `${prefix}-`);
  const element = translated($(html.trim()), translate).attr('id', prefix);
  element.find('legend').text(translate(`wizard.role.${role.name}`));
  const part = (name: string) => element.find(`[data-part=${name}]`);
  /** Set once a person chose the record type; until then the usual one is. */
  let keptType = false;
  return { role, element: prepared(), party, valid };

  function prepared(): JQuery {
    // The fields are found by their ids once they stand in the page.
    setTimeout(() => {
      fillEndpoints();
      field(prefix, 'system').append(...SYSTEMS.filter(fitsRole).map(({ value, label }) => $('<option>').val(value).text(label)));
      field(prefix, 'system').val(
        SYSTEMS.filter(fitsRole).find(({ value }) => value.startsWith(role.systems[0] ?? ''))?.value ?? '',
      );
      field(prefix, 'publicUrl').val(publicUrl);
      field(prefix, 'apiKeyHeader').val(serviceNowEndpointDefaults.apiKeyHeader);
      for (const name of ['endpoint', 'system', 'news']) field(prefix, name).on('change', update);
      field(prefix, 'system').on('change', suggest);
      field(prefix, 'entityType').on('change', () => {
        keptType = true;
      });
      suggest();
      update();
      element.on('blur', 'input', (event) => $(event.target).addClass('switchboard-left') && mark());
      element.on('input change', mark);
    }, 0);
    return element;
  }

  function fitsRole({ value }: { value: string }): boolean {
    return role.systems.includes(value.split(' ')[0] as System);
  }

  /** Endpoints that are there, those of the usual system first; one of these is chosen, unless each vendor is another. */
  function fillEndpoints(): void {
    const found: { id: string; name: string; rank: number }[] = [];
    RED.nodes.eachConfig((node) => {
      const system = systemOf(node);
      const fits = system && role.systems.includes(system) && (system !== 'servicenow' || typesAt(node.id).length > 0);
      if (fits) found.push({ id: node.id, name: node.name || node.id, rank: role.systems.indexOf(system) });
    });
    found.sort((a, b) => a.rank - b.rank);
    const select = field(prefix, 'endpoint').empty();
    select.append(...found.map(({ id, name }) => $('<option>').val(id).text(name)));
    select.append($('<option>').val(NEW).text(translate('wizard.newEndpoint')));
    select.val(found[0]?.rank === 0 && !role.several ? found[0].id : NEW);
  }

  /** Signing in and an address as they are usual at the system. */
  function suggest(): void {
    const chosen = SYSTEMS.find(({ value }) => value === read(prefix, 'system'));
    field(prefix, 'auth')
      .val(chosen?.auth ?? 'basic')
      .trigger('change');
    field(prefix, 'baseUrl').attr('placeholder', chosen?.example ?? '');
  }

  function update(): void {
    showBy(prefix, 'auth');
    const existing = String(read(prefix, 'endpoint'));
    const system = chosenSystem();
    part('new').toggle(existing === NEW);
    part('vendor').toggle(role.several === true);
    part('publicUrl').toggle(system !== 'servicenow' && read(prefix, 'news') !== 'asked');
    part('entityType').toggle(system === 'servicenow');
    const select = field(prefix, 'entityType');
    const types = typesAt(existing);
    const keep = String(select.val() ?? '');
    select.empty().append(...types.map((type) => $('<option>').val(type).text(type)));
    select.val(keptType && types.includes(keep) ? keep : (types[0] ?? ''));
  }

  /** What the party may be at a ServiceNow endpoint, the usual first. */
  function typesAt(endpoint: string): string[] {
    const known = serviceNowEndpointDefaults.entityTypes.map((type) => type.name);
    if (endpoint === NEW) return role.entityTypes;
    const there = entityTypesOf(endpoint);
    return [...role.entityTypes.filter((type) => there.includes(type)), ...there.filter((type) => !known.includes(type))];
  }

  function chosenSystem(): System {
    const existing = RED.nodes.node(String(read(prefix, 'endpoint')));
    return (existing && systemOf(existing)) || (String(read(prefix, 'system')).split(' ')[0] as System);
  }

  function party(): Party {
    const existing = String(read(prefix, 'endpoint'));
    const node = existing === NEW ? undefined : RED.nodes.node(existing);
    const system = chosenSystem();
    const version = String(read(prefix, 'system')).split(' ')[1];
    const made = Object.fromEntries(SETTINGS.map((name) => [name, read(prefix, name)]));
    const shown = CREDENTIALS.filter((name) => isShown(name) && read(prefix, name) !== '');
    return {
      role,
      name: String(node ? node.name || node.id : read(prefix, 'name')).trim(),
      system,
      ...(node && { endpoint: node.id }),
      settings: { ...made, ...(version && { version }) },
      credentials: Object.fromEntries(shown.map((name) => [name, String(read(prefix, name))])),
      entityType: String(read(prefix, 'entityType')),
      news: read(prefix, 'news') as News,
      publicUrl: String(read(prefix, 'publicUrl')).trim(),
      takes: String(read(prefix, 'takes'))
        .split(/\s*,\s*/)
        .filter(Boolean),
    };
  }

  function isShown(name: string): boolean {
    return field(prefix, name).closest('.form-row').css('display') !== 'none';
  }

  function valid(): boolean {
    element.find('input').addClass('switchboard-left');
    mark();
    const first = element.find('.input-error').first();
    first.trigger('focus');
    return first.length === 0;
  }

  /** A field that was not left yet is not told that it is empty. */
  function mark(): void {
    const wrong = problems();
    element.find('input').each((_, input) => {
      const reason = wrong.get(input.id) ?? '';
      const told = reason !== '' && $(input).hasClass('switchboard-left');
      $(input)
        .toggleClass('input-error', told)
        .attr({ 'aria-invalid': String(told), title: told ? reason : '' });
    });
  }

  function problems(): Map<string, string> {
    const found = new Map<string, string>();
    const check = (name: string, validator: Validator<unknown>) => {
      const answer = validator.call({ _def: { _: translate } } as never, String(read(prefix, name)), {});
      if (answer !== true) found.set(`${prefix}-${name}`, String(answer));
    };
    if (read(prefix, 'endpoint') === NEW) {
      check('name', text());
      check('baseUrl', address());
      for (const name of NEEDED[String(read(prefix, 'auth'))] ?? [])
        check(name, name === 'tokenUrl' ? address({ orPath: true }) : text());
    }
    if (part('publicUrl').css('display') !== 'none') check('publicUrl', address({ optional: true }));
    return found;
  }
}

/** The system that an endpoint's node stands for; undefined where it is none. */
function systemOf(node: Record<string, unknown> & { type: string }): System | undefined {
  if (node.type === endpointType('servicenow')) return 'servicenow';
  return node.type === endpointType('tmf621') ? ((node.api || 'tmf621') as System) : undefined;
}

/** What Test connection is to try of a party: the settings that were typed, or those of the endpoint that was chosen. */
export function connectionOf(party: Party) {
  const type = endpointType(party.system);
  const node = party.endpoint ? RED.nodes.node(party.endpoint) : undefined;
  if (!node) return { id: 'new', type, config: endpointSettings(party), credentials: party.credentials };
  const definition = node._def as { defaults: object; credentials?: object };
  const pick = (from: Record<string, unknown>, names: object) =>
    Object.fromEntries(Object.keys(names).flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
  return {
    id: node.id,
    type,
    config: pick(node, definition.defaults),
    credentials: pick((node.credentials ?? {}) as Record<string, unknown>, definition.credentials ?? {}) as Record<
      string,
      string
    >,
  };
}
