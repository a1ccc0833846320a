/** The demonstration: a box of its own, a gateway and a phone, and one whole call. */
export { runDemo, type DemoOptions } from './run-demo.js';
