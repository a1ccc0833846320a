export {
  applyRegister,
  BINDING_LIMITS,
  reachableAt,
  type Binding,
  type BindingLimits,
  type RegisterFacts,
  type RegisterOutcome,
} from './bindings.js';
export {
  createRegistrar,
  type PhoneAccount,
  type Registrar,
  type RegistrarOptions,
  type StoredBinding,
} from './registrar.js';
