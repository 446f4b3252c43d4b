import {
  coerceInputValue,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isRequiredInputField,
} from "graphql";
import { BadInputError, type FieldError } from "../errors.js";
import { demandFilled } from "../graphql/inputs/empty-inputs.js";
import { depthRule, isTooDeep } from "../graphql/plan/variables.js";

type Path = readonly (string | number)[];

/**
 * @throws BadInputError naming the field and what is expected there; never what was received, nor names that
 * were not asked for
 */
export function readFilter(value: unknown, schema: GraphQLSchema): object {
  if (isTooDeep(value))
    throw new BadInputError(`filter: ${depthRule}.`, [{ field: "filter", rule: depthRule }]);
  const type = schema.getType("SessionFilter") as GraphQLInputType;
  const problems: FieldError[] = [];
  const coerced: unknown = coerceInputValue(value, type, (path, wrong) => {
    problems.push(problemOf(path, wrong, typeAt(type, path)));
  });
  const [problem] = problems;
  if (problem !== undefined) throw new BadInputError(`${problem.field}: ${problem.rule}.`, [problem]);
  demandFilled(coerced, type, "filter");
  return coerced ?? {};
}

/** What graphql-js says itself holds the value, and names that are like the one received. */
function problemOf(path: Path, wrong: unknown, type: ReturnType<typeof typeAt>): FieldError {
  const at = (rule: string, ...name: string[]) => ({ field: ["filter", ...path, ...name].join("."), rule });
  if (wrong === null || wrong === undefined) return at("must not be null");
  if (!isInputObjectType(type)) return at(`must be of type ${type.name}`);
  if (typeof wrong !== "object" || Array.isArray(wrong))
    return at(`must be an object of the fields of ${type.name}`);
  const fields = type.getFields();
  const given = Object.keys(wrong);
  const unknown = given.find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) return at(`is no field of ${type.name}`, unknown);
  const missing = Object.values(fields)
    .filter((field) => isRequiredInputField(field) && !given.includes(field.name))
    .slice(0, 1);
  return at("must be given", ...missing.map(({ name }) => name));
}

/** The type of what stands at a path, lists and "not null" apart. */
function typeAt(type: GraphQLInputType, path: Path) {
  let at = getNamedType(type);
  for (const key of path) {
    const field = isInputObjectType(at) ? at.getFields()[key] : undefined;
    if (field !== undefined) at = getNamedType(field.type);
  }
  return at;
}
