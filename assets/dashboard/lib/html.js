// What every view draws with.
export {
  html, render, useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback,
} from "/assets/vendor/htm/standalone.module.js";
