import { type TmfInConfig, tmfInDefaults } from '../kit/tmf-in.config.js';

/** Settings of the `tmf621 in` node. */
export type Tmf621InConfig = TmfInConfig;
export const tmf621InDefaults: Tmf621InConfig = tmfInDefaults;
