import { layOutConstructs } from './lay-out';
layOutConstructs();
