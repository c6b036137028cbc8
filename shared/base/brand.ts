declare const brand: unique symbol;
/** A string or number that must not be mixed with others of its kind. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
