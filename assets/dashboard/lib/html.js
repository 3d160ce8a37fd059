// What every view draws with.
export {
  html, render, useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback,
} from "../../vendor/htm/standalone.module.js";
