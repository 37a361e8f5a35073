/* A libnvidia-ml.so.1 that replays power traces exactly, for tests and benchmarks without a GPU.
 *
 * Build:   cc -shared -fPIC -O2 -Wl,-soname,libnvidia-ml.so.1 -o DIR/libnvidia-ml.so.1 nvml_replay.c
 * Use:     NVML_REPLAY_TRACE=FILE LD_LIBRARY_PATH=DIR COMMAND      any program that asks NVML, through the real bindings
 *          In one process: ctypes.CDLL("DIR/libnvidia-ml.so.1") before pynvml loads the library of that name.
 *          Without NVML_REPLAY_TRACE the driver is not loaded. native/replay.py does all this for a test.
 *
 * The trace is a text of one statement a line; # starts a comment; times are seconds since the origin.
 *
 *   devices 8                          boards, 1 unless said
 *   machine 2                          UUIDs of another machine, 0 unless said
 *   wave 0.5:100 0.5:500               what each draws: DURATION:WATTS or DURATION:FROM..TO (a ramp), over and over
 *   wave only 3 1:250                  what board 3 draws
 *   stagger 0.125                      board i is i times so late
 *   refresh 0.1                        counter and power move in such steps, as on real boards; 0 unless said
 *   cap 700                            power limit in watts
 *   origin 1234.5                      second of CLOCK_MONOTONIC at which the trace starts; else the first nvmlInit of the process
 *   origin in FILE                     the same second, once it stands in FILE; until then the trace stands at 0
 *   counter start 5000                 joules that the counter shows at the origin; 123456 unless said
 *   counter set 0 at 3 [only 2]        a reset (or a lie) of the counter
 *   counter add -40 at 3 [only 2]      the counter jumps, on or back
 *   counter stuck at 3 [only 2]        the counter stands still from then on
 *   counter modulo 4294967.296         the counter wraps there
 *   fail WHAT HOW [from 3] [until 5] [only 2] [sticky]
 *                                      WHAT: init energy power limit utilisation attributes device (every call on it), or the name of a function,
 *                                      such as nvmlDeviceGetName; nvmlInit is nvmlInit_v2 and nvmlInitWithFlags;
 *                                      HOW: uninitialized not_supported no_permission not_found driver_not_loaded lost mismatch unknown, or a code
 *                                      of nvmlReturn_t as a number; hang; crash (SIGSEGV), abort (SIGABRT), exit (the process ends with 3);
 *                                      sticky: a library initialised before the end of the fault has it until it is initialised anew
 *   shows 4294967.295 [from 3] [until 5] [only 2]
 *                                      the power sensor shows so many watts, whatever the board draws
 *   mig 0 1 2 3/1                      board 0 is cut into instances of 1, 2 and 3 of 7 slices, the last a compute instance of 1 in one of 3
 *   name 0 NVIDIA_A100-SXM4-80GB       what board 0 is called, NVIDIA_H100_80GB_HBM3 unless said; _ is a blank
 *   delay 0.2                          every call on a board takes so long; delay init 10: so does the initialisation
 *   processes FILE                     FILE lists the processes that compute, a line each: BOARD PID; it is read whenever the library is asked
 *   slices 4                           a board can be cut into so many, 7 unless said
 *
 * For the caller, through ctypes:
 *   void   replay_reset(void)                                forget origin, clock and trace
 *   void   replay_clock(double s)                            stop the clock there; below 0 lets it run
 *   double replay_origin_s(void)                             CLOCK_MONOTONIC at the origin
 *   double replay_energy_j(unsigned board, double a, double b)  the exact integral from a to b, seconds since the origin
 * NVML_REPLAY_LOG=FILE: at the end of the process a line for each board that was asked for energy or power is appended:
 *   pid board first_s last_s true_j asked                    exact joules between the first and the last question, seconds since the origin
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, SMALL = 7, NOT_LOADED = 9, LOST = 15, MISMATCH = 18, UNKNOWN = 999, HANG = -1, CRASH = -2, ABORT = -3, EXIT = -4 };
enum { BOARDS = 64, SEGMENTS = 64, EVENTS = 32, FAULTS = 32, INSTANCES = 7 };
enum { INIT, ENERGY, POWER, LIMIT, UTILISATION, ATTRIBUTES, DEVICE, CALL };
enum { SET, ADD, STUCK };

typedef struct { double s, from_w, to_w; } Segment;
typedef struct { int n; double period_s, period_j; Segment segments[SEGMENTS]; } Wave;
typedef struct { int kind, only; double at_s, joules; } Event;
typedef struct { int what, code, only, sticky; double from_s, until_s; char call[64]; } Fault;
typedef struct { int only; double from_s, until_s, watts; } Lie;
typedef struct Board { int index, parent, slices, compute_slices, n_instances; Wave wave; double first_s, last_s; unsigned long asked; } Board;
typedef Board *Handle;

static char names[BOARDS][64];
static double delay_s, init_delay_s;
static Board boards[BOARDS], instances[BOARDS * INSTANCES];
static Event events[EVENTS];
static Fault faults[FAULTS];
static Lie lies[FAULTS];
static int n_boards, n_instances, n_events, n_faults, n_lies, n_slices, machine, users, has_origin;
static double origin_s, frozen_s = -1.0, init_s, stagger_s, refresh_s, cap_w, start_j, modulo_j;

static double wall(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char origin_file[512];
static double now_s(void) {
    if (frozen_s >= 0.0) return frozen_s;
    if (*origin_file) {
        FILE *stream = fopen(origin_file, "r");
        int known = stream && fscanf(stream, "%lf", &origin_s) == 1;
        if (stream) fclose(stream);
        if (!known) return 0.0;
        *origin_file = 0;
    }
    return wall() - origin_s;
}

/* Joules of the first `s` seconds of a period. */
static double within(const Wave *wave, double s) {
    double joules = 0.0;
    for (int i = 0; i < wave->n && s > 0.0; i++) {
        const Segment *part = &wave->segments[i];
        double spent = s < part->s ? s : part->s;
        joules += spent * (part->from_w + (part->to_w - part->from_w) * spent / part->s / 2.0);
        s -= spent;
    }
    return joules;
}

static double integral(const Board *board, double s) {
    double at = s - stagger_s * board->index, periods = floor(at / board->wave.period_s);
    return periods * board->wave.period_j + within(&board->wave, at - periods * board->wave.period_s);
}

static double watts(const Board *board, double s) {
    double at = s - stagger_s * board->index;
    at -= floor(at / board->wave.period_s) * board->wave.period_s;
    for (int i = 0; i < board->wave.n; i++) {
        const Segment *part = &board->wave.segments[i];
        if (at < part->s) return part->from_w + (part->to_w - part->from_w) * at / part->s;
        at -= part->s;
    }
    return board->wave.segments[board->wave.n - 1].to_w;
}

static double stepped(double s) { return refresh_s > 0.0 ? floor(s / refresh_s) * refresh_s : s; }

static double counter_j(const Board *board, double s) {
    double at = stepped(s), since = 0.0, base = start_j;
    for (int i = 0; i < n_events; i++) { /* in order of time, as the trace gives them */
        const Event *event = &events[i];
        if (event->at_s > at || (event->only >= 0 && event->only != board->index)) continue;
        if (event->kind == SET) base = event->joules;
        else base += integral(board, event->at_s) - integral(board, since) + (event->kind == ADD ? event->joules : 0.0);
        since = event->at_s;
        if (event->kind == STUCK) return base;
    }
    double joules = base + integral(board, at) - integral(board, since);
    return modulo_j > 0.0 ? fmod(joules, modulo_j) : joules;
}

static int suffer(int code) {
    while (code == HANG) pause();
    if (code == CRASH) signal(SIGSEGV, SIG_DFL), raise(SIGSEGV);
    if (code == ABORT) abort();
    if (code == EXIT) _exit(3);
    return code;
}

static int is_call(const Fault *f, const char *call) {
    size_t n = strlen(f->call);
    return !strcmp(f->call, call) || (!strncmp(f->call, call, n) && call[n] == '_' && call[n + 1] == 'v') || (!strcmp(f->call, "nvmlInit") && !strncmp(call, "nvmlInit", n));
}

static int fault_of(const char *call, int what, int board) {
    double s = now_s();
    for (int i = 0; i < n_faults; i++) {
        const Fault *f = &faults[i];
        int hit = (f->what == CALL ? is_call(f, call) : f->what == what) && (f->only < 0 || f->only == board || board < 0) && s >= f->from_s;
        if (hit && (s < f->until_s || (f->sticky && init_s < f->until_s))) return suffer(f->code);
    }
    return SUCCESS;
}

static int ask_of(const char *call, Handle board, int what) {
    if (!users) return UNINITIALIZED;
    if (!board) return INVALID;
    if (delay_s > 0.0 && frozen_s < 0.0) usleep((useconds_t)(delay_s * 1e6));
    int index = board->parent >= 0 ? board->parent : board->index, code = fault_of(call, DEVICE, index);
    if (code == SUCCESS && what != DEVICE) code = fault_of(call, what, index);
    return code;
}

#define fault(what, board) fault_of(__func__, what, board)
#define ask(board, what) ask_of(__func__, board, what)

static void asked(Handle board) {
    board->last_s = now_s();
    if (!board->asked++) board->first_s = board->last_s;
}

/* The trace. */

static double number(const char *name, double otherwise, char **words, int n) {
    for (int i = 0; i + 1 < n; i++)
        if (!strcmp(words[i], name)) return atof(words[i + 1]);
    return otherwise;
}

static int has(const char *name, char **words, int n) {
    for (int i = 0; i < n; i++)
        if (!strcmp(words[i], name)) return 1;
    return 0;
}

static int code_of(const char *how) {
    const struct { const char *name; int code; } codes[] = {{"uninitialized", UNINITIALIZED}, {"not_supported", NOT_SUPPORTED}, {"no_permission", NO_PERMISSION},
        {"not_found", NOT_FOUND}, {"driver_not_loaded", NOT_LOADED}, {"lost", LOST}, {"mismatch", MISMATCH}, {"hang", HANG}, {"crash", CRASH}, {"abort", ABORT}, {"exit", EXIT}};
    if (how[0] >= '0' && how[0] <= '9') return atoi(how);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(codes[i].name, how)) return codes[i].code;
    return UNKNOWN;
}

static void read_wave(char **words, int n) {
    int only = (int)number("only", -1, words, n);
    Wave wave = {0};
    for (int i = only >= 0 ? 3 : 1; i < n && wave.n < SEGMENTS; i++) {
        Segment *part = &wave.segments[wave.n];
        int got = sscanf(words[i], "%lf:%lf..%lf", &part->s, &part->from_w, &part->to_w);
        if (got < 2 || part->s <= 0.0) continue;
        if (got == 2) part->to_w = part->from_w;
        wave.period_s += part->s;
        wave.n++;
    }
    if (!wave.n) return;
    wave.period_j = within(&wave, wave.period_s);
    for (int i = 0; i < BOARDS; i++)
        if (only < 0 || only == i) boards[i].wave = wave;
}

static void read_counter(char **words, int n) {
    if (!strcmp(words[1], "start")) start_j = atof(words[2]);
    else if (!strcmp(words[1], "modulo")) modulo_j = atof(words[2]);
    else if (n_events < EVENTS) {
        int kind = !strcmp(words[1], "set") ? SET : !strcmp(words[1], "add") ? ADD : STUCK;
        events[n_events++] = (Event){kind, (int)number("only", -1, words, n), number("at", 0.0, words, n), kind == STUCK ? 0.0 : atof(words[2])};
    }
}

static void read_fault(char **words, int n) {
    const char *whats[] = {"init", "energy", "power", "limit", "utilisation", "attributes", "device"};
    for (int what = INIT; what <= DEVICE && n_faults < FAULTS; what++)
        if (!strcmp(words[1], whats[what]) || (what == DEVICE && !strncmp(words[1], "nvml", 4))) {
            Fault *f = &faults[n_faults++];
            *f = (Fault){strncmp(words[1], "nvml", 4) ? what : CALL, code_of(words[2]), (int)number("only", -1, words, n), has("sticky", words, n),
                number("from", -INFINITY, words, n), number("until", INFINITY, words, n), ""};
            snprintf(f->call, sizeof f->call, "%s", words[1]);
            return;
        }
}

static char processes_file[1024];

static void read_statement(char **words, int n) {
    if (!strcmp(words[0], "devices")) n_boards = atoi(words[1]) < BOARDS ? atoi(words[1]) : BOARDS;
    else if (!strcmp(words[0], "machine")) machine = atoi(words[1]);
    else if (!strcmp(words[0], "wave")) read_wave(words, n);
    else if (!strcmp(words[0], "stagger")) stagger_s = atof(words[1]);
    else if (!strcmp(words[0], "refresh")) refresh_s = atof(words[1]);
    else if (!strcmp(words[0], "cap")) cap_w = atof(words[1]);
    else if (!strcmp(words[0], "origin") && !strcmp(words[1], "in")) { snprintf(origin_file, sizeof origin_file, "%s", words[2]), has_origin = 1; }
    else if (!strcmp(words[0], "origin")) { if (!has_origin) origin_s = atof(words[1]), has_origin = 1; }
    else if (!strcmp(words[0], "counter") && n > 2) read_counter(words, n);
    else if (!strcmp(words[0], "fail") && n > 2) read_fault(words, n);
    else if (!strcmp(words[0], "processes")) snprintf(processes_file, sizeof processes_file, "%s", words[1]);
    else if (!strcmp(words[0], "slices")) n_slices = atoi(words[1]);
    else if (!strcmp(words[0], "shows") && n_lies < FAULTS)
        lies[n_lies++] = (Lie){(int)number("only", -1, words, n), number("from", -INFINITY, words, n), number("until", INFINITY, words, n), atof(words[1])};
    else if (!strcmp(words[0], "name") && n > 2 && atoi(words[1]) >= 0 && atoi(words[1]) < BOARDS) {
        char *to = names[atoi(words[1])];
        snprintf(to, sizeof names[0], "%s", words[2]);
        for (; *to; to++) if (*to == '_') *to = ' ';
    }
    else if (!strcmp(words[0], "delay")) *(n > 2 ? &init_delay_s : &delay_s) = atof(words[n - 1]);
    else if (!strcmp(words[0], "mig"))
        for (int i = 2; i < n && n_instances < BOARDS * INSTANCES; i++) {
            int parent = atoi(words[1]);
            if (parent < 0 || parent >= BOARDS) continue;
            int slices = atoi(words[i]), compute = strchr(words[i], '/') ? atoi(strchr(words[i], '/') + 1) : slices;
            instances[n_instances++] = (Board){.index = boards[parent].n_instances++, .parent = parent, .slices = slices, .compute_slices = compute};
        }
    else fprintf(stderr, "nvml_replay: unknown statement %s\n", words[0]);
}

static void read_trace(void) {
    char line[4096], *words[SEGMENTS + 8], *rest;
    const char *file = getenv("NVML_REPLAY_TRACE");
    FILE *stream = file ? fopen(file, "r") : NULL;
    n_boards = 1, n_instances = n_events = n_faults = n_lies = machine = 0, n_slices = INSTANCES;
    stagger_s = refresh_s = modulo_j = delay_s = init_delay_s = 0.0, cap_w = 700.0, start_j = 123456.0;
    for (int i = 0; i < BOARDS; i++) {
        Board *board = &boards[i];
        strcpy(names[i], "NVIDIA H100 80GB HBM3");
        board->index = i, board->parent = -1, board->n_instances = 0;
        board->wave = (Wave){1, 1.0, 300.0, {{1.0, 300.0, 300.0}}};
    }
    while (stream && fgets(line, sizeof line, stream)) {
        int n = 0;
        line[strcspn(line, "#\n")] = 0;
        for (char *word = strtok_r(line, " \t\r", &rest); word && n < SEGMENTS + 8; word = strtok_r(NULL, " \t\r", &rest)) words[n++] = word;
        if (n > 1) read_statement(words, n);
    }
    if (stream) fclose(stream);
}

/* For the caller. */

void replay_reset(void) {
    users = has_origin = 0;
    *origin_file = 0;
    frozen_s = -1.0;
    memset(boards, 0, sizeof boards);
}

void replay_clock(double s) { frozen_s = s; }
double replay_origin_s(void) { return origin_s; }
double replay_energy_j(unsigned board, double a, double b) { return board < BOARDS && boards[board].wave.n ? integral(&boards[board], b) - integral(&boards[board], a) : 0.0; }

__attribute__((destructor)) static void write_log(void) {
    const char *file = getenv("NVML_REPLAY_LOG");
    FILE *stream = file ? fopen(file, "a") : NULL;
    for (int i = 0; stream && i < BOARDS; i++)
        if (boards[i].asked)
            fprintf(stream, "%d %d %.9f %.9f %.6f %lu\n", (int)getpid(), i, boards[i].first_s, boards[i].last_s,
                    replay_energy_j((unsigned)i, boards[i].first_s, boards[i].last_s), boards[i].asked);
    if (stream) fclose(stream);
}

/* NVML. */

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    if (!users) {
        if (!getenv("NVML_REPLAY_TRACE")) return NOT_LOADED;
        read_trace();
        if (!has_origin) origin_s = wall(), has_origin = 1;
        init_s = now_s();
        if (init_delay_s > 0.0 && frozen_s < 0.0) usleep((useconds_t)(init_delay_s * 1e6));
        int code = fault(INIT, -1);
        if (code != SUCCESS) return code;
    }
    users++;
    return SUCCESS;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return users ? (users--, SUCCESS) : UNINITIALIZED; }

const char *nvmlErrorString(int code) {
    switch (code) {
    case SUCCESS: return "The operation was successful";
    case UNINITIALIZED: return "Uninitialized";
    case NOT_SUPPORTED: return "Not Supported";
    case NO_PERMISSION: return "Insufficient Permissions";
    case NOT_FOUND: return "Not Found";
    case NOT_LOADED: return "Driver Not Loaded";
    case LOST: return "GPU is lost";
    case MISMATCH: return "Driver/library version mismatch";
    default: return "Unknown Error";
    }
}

static int text(char *out, unsigned size, const char *value) { return strlen(value) < size ? (strcpy(out, value), SUCCESS) : SMALL; }
int nvmlSystemGetDriverVersion(char *out, unsigned size) { return text(out, size, "550.54.15"); }
int nvmlSystemGetNVMLVersion(char *out, unsigned size) { return text(out, size, "12.550.54.15"); }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { return *version = 12040, SUCCESS; }
int nvmlSystemGetCudaDriverVersion(int *version) { return nvmlSystemGetCudaDriverVersion_v2(version); }

int nvmlDeviceGetCount_v2(unsigned *count) { return users ? (*count = (unsigned)n_boards, fault(CALL, -1)) : UNINITIALIZED; }
int nvmlDeviceGetCount(unsigned *count) { return nvmlDeviceGetCount_v2(count); }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Handle *board) {
    if (!users) return UNINITIALIZED;
    if (index >= (unsigned)n_boards) return INVALID;
    *board = &boards[index];
    return fault(DEVICE, (int)index);
}
int nvmlDeviceGetHandleByIndex(unsigned index, Handle *board) { return nvmlDeviceGetHandleByIndex_v2(index, board); }

static void uuid(Handle board, char *out) {
    if (board->parent < 0) sprintf(out, "GPU-%08x-%04x-4000-8000-%012x", 0x5f3c0000u + (unsigned)board->index * 0x111u, (unsigned)machine, (unsigned)board->index);
    else sprintf(out, "MIG-%08x-%04x-5000-8000-%012x", 0xa1100000u + (unsigned)(board->parent * 0x100 + board->index), (unsigned)machine, (unsigned)board->index);
}
int nvmlDeviceGetUUID(Handle board, char *out, unsigned size) {
    char value[96];
    int code = ask(board, DEVICE);
    if (code == SUCCESS) uuid(board, value), code = text(out, size, value);
    return code;
}
int nvmlDeviceGetHandleByUUID(const char *wanted, Handle *board) {
    char value[96];
    if (!users) return UNINITIALIZED;
    for (int i = 0; i < n_boards + n_instances; i++) {
        Handle each = i < n_boards ? &boards[i] : &instances[i - n_boards];
        uuid(each, value);
        if (!strcmp(value, wanted)) return *board = each, ask(each, DEVICE);
    }
    return NOT_FOUND;
}
int nvmlDeviceGetName(Handle board, char *out, unsigned size) {
    int code = ask(board, DEVICE);
    return code == SUCCESS ? text(out, size, names[board->parent >= 0 ? board->parent : board->index]) : code;
}
int nvmlDeviceGetIndex(Handle board, unsigned *index) { return *index = (unsigned)board->index, ask(board, DEVICE); }
int nvmlDeviceGetMinorNumber(Handle board, unsigned *minor) { return nvmlDeviceGetIndex(board, minor); }
/* A board without a counter is older than Volta: some trackers go by that. */
static int has_counter(Handle board) { return fault(ENERGY, board->index) != NOT_SUPPORTED; }
int nvmlDeviceGetArchitecture(Handle board, unsigned *architecture) { return *architecture = has_counter(board) ? 9 : 4, ask(board, DEVICE); }
int nvmlDeviceGetCudaComputeCapability(Handle board, int *major, int *minor) { return *major = has_counter(board) ? 9 : 6, *minor = 0, ask(board, DEVICE); }
int nvmlDeviceGetComputeMode(Handle board, unsigned *mode) { return *mode = 0, ask(board, DEVICE); }
int nvmlDeviceGetPersistenceMode(Handle board, unsigned *mode) { return *mode = 1, ask(board, DEVICE); }

int nvmlDeviceGetTotalEnergyConsumption(Handle board, unsigned long long *mj) {
    int code = ask(board, ENERGY);
    if (code != SUCCESS) return code;
    if (board->parent >= 0) return NOT_SUPPORTED;
    asked(board);
    *mj = (unsigned long long)(counter_j(board, board->last_s) * 1e3 + 1e-6);
    return SUCCESS;
}
int nvmlDeviceGetPowerUsage(Handle board, unsigned *mw) {
    int code = ask(board, POWER);
    if (code != SUCCESS) return code;
    if (board->parent >= 0) return NOT_SUPPORTED;
    asked(board);
    double shown_w = watts(board, stepped(board->last_s));
    for (int i = 0; i < n_lies; i++)
        if ((lies[i].only < 0 || lies[i].only == board->index) && board->last_s >= lies[i].from_s && board->last_s < lies[i].until_s) shown_w = lies[i].watts;
    *mw = (unsigned)(shown_w * 1e3 + 0.5);
    return SUCCESS;
}
static unsigned limit_mw(void) { return (unsigned)(cap_w * 1e3); }
int nvmlDeviceGetEnforcedPowerLimit(Handle board, unsigned *mw) { return *mw = limit_mw(), ask(board, LIMIT); }
int nvmlDeviceGetPowerManagementLimit(Handle board, unsigned *mw) { return *mw = limit_mw(), ask(board, LIMIT); }
int nvmlDeviceGetPowerManagementDefaultLimit(Handle board, unsigned *mw) { return *mw = limit_mw(), ask(board, LIMIT); }
int nvmlDeviceGetPowerManagementLimitConstraints(Handle board, unsigned *least, unsigned *most) { return *least = 100000u, *most = limit_mw(), ask(board, LIMIT); }
int nvmlDeviceGetUtilizationRates(Handle board, unsigned *out) {
    int code = ask(board, UTILISATION);
    if (code == SUCCESS) out[0] = (unsigned)(100.0 * fmin(watts(board, now_s()) / cap_w, 1.0)), out[1] = out[0] / 2;
    return code;
}
int nvmlDeviceGetTemperature(Handle board, int sensor, unsigned *celsius) { return (void)sensor, *celsius = 40u + (unsigned)board->index, ask(board, DEVICE); }
int nvmlDeviceGetClockInfo(Handle board, int kind, unsigned *mhz) { return (void)kind, *mhz = 1410u, ask(board, DEVICE); }
int nvmlDeviceGetMemoryInfo(Handle board, unsigned long long *out) {
    return out[0] = 80ull << 30, out[1] = 60ull << 30, out[2] = 20ull << 30, ask(board, DEVICE);
}
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } MemoryV2;
int nvmlDeviceGetMemoryInfo_v2(Handle board, MemoryV2 *out) {
    return out->total = 80ull << 30, out->reserved = 0, out->free = 60ull << 30, out->used = 20ull << 30, ask(board, DEVICE);
}
typedef struct { unsigned pid; unsigned long long memory_b; unsigned gpu_instance, compute_instance; } ProcessInfo;
int nvmlDeviceGetComputeRunningProcesses_v3(Handle board, unsigned *count, ProcessInfo *infos) {
    unsigned room = infos ? *count : 0, found = 0, index, pid;
    FILE *stream = processes_file[0] ? fopen(processes_file, "r") : NULL;
    while (stream && fscanf(stream, "%u %u", &index, &pid) == 2)
        if ((int)index == board->index) {
            if (found < room) infos[found] = (ProcessInfo){pid, 1ull << 30, ~0u, ~0u};
            found++;
        }
    if (stream) fclose(stream);
    *count = found;
    int code = ask(board, DEVICE);
    return code == SUCCESS && found > room ? SMALL : code;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(Handle board, unsigned *count, void *infos) { return (void)infos, *count = 0, ask(board, DEVICE); }

typedef struct { unsigned field, scope; long long at_us, took_us; unsigned type; int code; union { double d; unsigned u; unsigned long long ull; } value; } Field;
int nvmlDeviceGetFieldValues(Handle board, int n, Field *fields) {
    for (int i = 0; i < n; i++) {
        unsigned long long mj = 0;
        unsigned mw = 0;
        int energy = fields[i].field == 83, power = fields[i].field == 185 || fields[i].field == 186;
        fields[i].code = energy ? nvmlDeviceGetTotalEnergyConsumption(board, &mj) : power ? nvmlDeviceGetPowerUsage(board, &mw) : NOT_SUPPORTED;
        fields[i].type = energy ? 3 : 1;
        if (energy) fields[i].value.ull = mj;
        else fields[i].value.u = mw;
        fields[i].at_us = (long long)(wall() * 1e6);
    }
    return ask(board, DEVICE);
}

int nvmlDeviceGetMigMode(Handle board, unsigned *current, unsigned *pending) {
    int code = ask(board, DEVICE);
    return *current = *pending = board->n_instances > 0, code;
}
int nvmlDeviceGetMaxMigDeviceCount(Handle board, unsigned *count) { return *count = (unsigned)n_slices, ask(board, DEVICE); }
int nvmlDeviceIsMigDeviceHandle(Handle board, unsigned *is) { return *is = board->parent >= 0, ask(board, DEVICE); }
int nvmlDeviceGetMigDeviceHandleByIndex(Handle board, unsigned index, Handle *instance) {
    for (int i = 0; i < n_instances; i++)
        if (instances[i].parent == board->index && instances[i].index == (int)index) return *instance = &instances[i], ask(board, DEVICE);
    return NOT_FOUND;
}
int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Handle instance, Handle *board) {
    return instance->parent >= 0 ? (*board = &boards[instance->parent], ask(instance, DEVICE)) : INVALID;
}
int nvmlDeviceGetGpuInstanceId(Handle instance, unsigned *id) { return *id = (unsigned)instance->index + 1u, instance->parent >= 0 ? SUCCESS : NOT_SUPPORTED; }
int nvmlDeviceGetComputeInstanceId(Handle instance, unsigned *id) { return *id = 0u, instance->parent >= 0 ? SUCCESS : NOT_SUPPORTED; }
typedef struct { unsigned sms, copies, decoders, encoders, jpegs, ofas, slices, compute_slices; unsigned long long memory_mb; } Attributes;
int nvmlDeviceGetAttributes_v2(Handle instance, Attributes *out) {
    if (instance->parent < 0) return NOT_SUPPORTED;
    *out = (Attributes){.sms = 16u * (unsigned)instance->slices, .slices = (unsigned)instance->slices, .compute_slices = (unsigned)instance->compute_slices,
        .memory_mb = 10240ull * (unsigned)instance->slices};
    return ask(instance, ATTRIBUTES);
}
