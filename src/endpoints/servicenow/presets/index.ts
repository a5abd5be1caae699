import type { Mapping } from '../../../mapping/mapping.js';
import { order, request } from './orders.js';
import { catalogTask, change, customerCase, incident, problem, requestItem } from './tasks.js';

export const PRESETS: readonly Mapping[] = [incident, problem, change, request, requestItem, catalogTask, customerCase, order];
