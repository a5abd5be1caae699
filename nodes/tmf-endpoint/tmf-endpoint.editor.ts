import { prepareEndpoint, values } from '../kit/editor/endpoint-dialog.js';
import { endpointFields } from '../kit/editor/endpoint-fields.js';
import { field, read, showBy } from '../kit/editor/fields.js';
import { type EndpointCredentials, endpointCredentials } from '../kit/endpoint.config.js';
import { type TmfEndpointConfig, tmfEndpointDefaults } from './tmf-endpoint.config.js';

const PREFIX = 'node-config-input';

/** Where the standard puts each API. */
const PATHS: Record<string, string> = {
  tmf621: '/tmf-api/troubleTicket/',
  tmf622: '/tmf-api/productOrderingManagement/',
};

RED.nodes.registerType<TmfEndpointConfig, EndpointCredentials>('switchboard-tmf-endpoint', {
  category: 'config',
  defaults: {
    ...endpointFields(tmfEndpointDefaults),
    api: { value: tmfEndpointDefaults.api },
    version: { value: tmfEndpointDefaults.version },
    profile: { value: tmfEndpointDefaults.profile },
    apiPath: { value: tmfEndpointDefaults.apiPath },
    arrayMode: { value: tmfEndpointDefaults.arrayMode },
    wholeItems: { value: tmfEndpointDefaults.wholeItems },
  },
  credentials: endpointCredentials,
  label() {
    return this.name || this.baseUrl || 'tmf endpoint';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    // An endpoint saved before there was a choice.
    if (!this.api) field(PREFIX, 'api').val(tmfEndpointDefaults.api);
    showBy(PREFIX, 'api');
    pathExample();
    prepareEndpoint(this, () => values(['api', 'version', 'profile', 'apiPath', 'arrayMode', 'wholeItems']));
  },
});

function pathExample(): void {
  const update = () =>
    field(PREFIX, 'apiPath').attr('placeholder', `${PATHS[String(read(PREFIX, 'api'))] ?? ''}${read(PREFIX, 'version')}`);
  for (const name of ['api', 'version']) field(PREFIX, name).on('change', update);
  update();
}
