import { endpointDefaults } from '../../nodes/kit/endpoint.config.js';
import { inDefaults } from '../../nodes/kit/in.config.js';
import { servicenow } from '../../src/endpoints/servicenow/form.js';
import { tmfEndpoint } from '../../src/endpoints/tmf/form.js';
import { tmf621 } from '../../src/endpoints/tmf621/form.js';

/* The default settings of new nodes in the editor. */

export const serviceNowEndpointDefaults = endpointDefaults(servicenow.endpoint);
export const tmfEndpointDefaults = endpointDefaults(tmfEndpoint);
export const serviceNowInDefaults = inDefaults(servicenow);
export const tmfInDefaults = inDefaults(tmf621);
