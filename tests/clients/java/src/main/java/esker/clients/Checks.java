package esker.clients;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Runs named checks against a broker and prints one JSON line per check:
 * {@code {"check": ..., "ok": ..., "seconds": ..., "error": ...}}. Usage: Checks BOOTSTRAP CHECK...
 */
public final class Checks {
    /** One check: throws when the broker does not do what is expected. */
    interface Check {
        void run(Lab lab) throws Exception;
    }

    static final Map<String, Check> ALL = new LinkedHashMap<>();

    static {
        ProduceChecks.register(ALL);
        GroupChecks.register(ALL);
        OffsetChecks.register(ALL);
        AdminChecks.register(ALL);
        TransactionChecks.register(ALL);
    }

    private Checks() {}

    public static void main(String[] args) {
        boolean failed = false;
        for (int i = 1; i < args.length; i++) {
            failed |= !runOne(args[0], args[i]);
        }
        System.exit(failed ? 1 : 0);
    }

    private static boolean runOne(String bootstrap, String name) {
        long start = System.nanoTime();
        String error = null;
        try (Lab lab = new Lab(bootstrap, name)) {
            Check check = ALL.get(name);
            if (check == null) {
                throw new IllegalArgumentException("no such check");
            }
            check.run(lab);
        } catch (Throwable e) {
            e.printStackTrace();
            error = e.toString();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("{\"check\": %s, \"ok\": %s, \"seconds\": %.2f, \"error\": %s}%n",
            quote(name), error == null, seconds, error == null ? "null" : quote(error));
        System.out.flush();
        return error == null;
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
