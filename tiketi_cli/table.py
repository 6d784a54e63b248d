"""The one table of commands: words, in the order of the help, to one line of help. Imports nothing.

The command of the words `tickets check-in` is the function `check_in` of
`tiketi_cli/commands/tickets/check_in.py`; a name that Python itself uses gets a `_` (`list_`).
"""

GROUPS: dict[str, str] = {
    "auth": "Accounts and sessions",
    "auth sessions": "Where you are logged in",
    "auth password": "Change it, or set a new one by e-mail",
    "auth keys": "The keys that sign access tokens",
    "auth users": "The accounts of others (administrators)",
    "events": "What tickets are sold for",
    "news": "News of the house",
    "images": "Images of events and news",
    "seats": "Halls, and which seats are free",
    "queue": "The waiting room in front of an event",
    "points": "The wallet: 1 point is 1 won",
    "reservations": "Hold seats, look at them, give them back",
    "payments": "Pay by card, points or both; refund",
    "tickets": "What confirmed reservations became",
    "notifications": "What was said to whom",
    "notifications devices": "Where push messages go",
    "cluster": "The platform in Kubernetes on this machine",
    "config": "Where things are, and which platform and user",
    "config profiles": "Platforms and users to choose from",
}

COMMANDS: dict[str, str] = {
    "up": "Start the whole platform on this machine",
    "down": "Stop it; the data stays",
    "status": "Show what runs, where, and whether it answers",
    "logs": "Show or follow the logs of the platform on this machine",
    "demo": "Sell out a concert on a platform made for it, and prove it",
    "cluster up": "Make the cluster and everything in it stand",
    "cluster down": "Remove the cluster and everything made for it",
    "cluster status": "Show nodes, Pods, images, and whether it answers",
    "cluster doctor": "Look for what is wrong, each finding with its cure",
    "cluster logs": "Show or follow the logs of its Pods",
    "cluster restart": "Replace a service's Pods, one after the other",
    "cluster scale": "Change how many Pods a service has",
    "cluster build": "Build the services' image",
    "cluster push": "Push the image to the local registry",
    "cluster load-images": "Put images of this machine straight into the nodes",
    "cluster kubeconfig": "Print where the cluster's own kubeconfig lies",
    "auth login": "Log in by e-mail and password or with Google, and stay logged in",
    "auth register": "Open an account and log in",
    "auth me": "Show who you are",
    "auth token": "Print an access token, for scripts",
    "auth update": "Change your name, phone number or picture",
    "auth logout": "End the session and forget it; --everywhere ends all",
    "auth sessions list": "List where you are logged in",
    "auth sessions end": "End one of your sessions",
    "auth password change": "Change your password; other sessions end",
    "auth password forgot": "Have a code for a new password sent by e-mail",
    "auth password reset": "Set a new password by the code of the mail",
    "auth keys list": "List the keys that sign access tokens (administrators)",
    "auth keys rotate": "Let a new signing key take over unnoticed (administrators)",
    "auth users list": "List and search accounts",
    "auth users show": "Show one account",
    "auth users role": "Make somebody an administrator, or not any more",
    "auth users disable": "Keep an account from logging in",
    "auth users enable": "Let it log in again",
    "auth users logout": "End all sessions of an account",
    "events create": "Announce an event (administrators)",
    "events list": "List and search events",
    "events show": "Show one event",
    "events update": "Change an event (administrators)",
    "events cancel": "Cancel an event; payments are refunded (administrators)",
    "events delete": "Remove an event that never had seats (administrators)",
    "events import": "Announce many events from a file (administrators)",
    "news list": "List the news, pinned first",
    "news show": "Show one piece of news",
    "news create": "Publish news (administrators)",
    "news update": "Change or pin news (administrators)",
    "news delete": "Remove news (administrators)",
    "images upload": "Keep an image, in several sizes (administrators)",
    "seats layouts": "List the halls there are",
    "seats generate": "Put a hall's seats on sale (administrators)",
    "seats map": "Draw the seats of an event and how they stand",
    "queue enter": "Join an event's waiting room and show your place",
    "queue status": "Show where you stand",
    "queue watch": "Enter and wait, or look at the whole room, live",
    "queue heartbeat": "Say that you are still there",
    "queue leave": "Give up your place or your session",
    "queue policy": "Show how people are let in, or change it (administrators)",
    "queue pause": "Let nobody in for now; the line stays (administrators)",
    "queue resume": "Let people in again (administrators)",
    "queue stats": "Show a waiting room at a glance (administrators)",
    "queue verify": "Repeat the draw of an event from its public receipt",
    "queue log": "Print the admission log (administrators)",
    "queue stampede": "Let a crowd loose on an event and report (administrators)",
    "points charge": "Buy points by card",
    "points balance": "Show your points",
    "points history": "Show every change of your points",
    "reservations create": "Hold seats: chosen ones, or the best there are",
    "reservations list": "List your reservations",
    "reservations show": "Show one reservation",
    "reservations cancel": "Give the seats back; what was paid is refunded",
    "payments pay": "Pay a reservation by card, points or both",
    "payments show": "Show one payment",
    "payments refund": "Give money back (administrators)",
    "tickets list": "List your tickets",
    "tickets show": "Show a ticket with its QR code",
    "tickets check-in": "Let somebody in at the door, once (administrators)",
    "notifications list": "List what was said to you",
    "notifications open": "Open the sandbox mailbox in a browser",
    "notifications preferences": "Show or change what you want to be told",
    "notifications devices list": "List the devices that take your push messages",
    "notifications devices add": "Let a device take your push messages",
    "notifications devices remove": "Forget one of your devices",
    "notifications preview": "Show what a reader of a message would see (administrators)",
    "notifications send": "Write to a user by hand (administrators)",
    "notifications dead-letters": "List what was given up (administrators)",
    "notifications replay": "Try what was given up anew (administrators)",
    "audit": "Recount an event: seats, money, messages (administrators)",
    "api": "Call any address of the platform",
    "config path": "Print where the configuration lies",
    "config show": "Show the settings in force; secrets are masked",
    "config profiles list": "List the profiles",
    "config profiles use": "Choose the profile used from now on",
    "config profiles set": "Make a profile, or change where it points",
    "config profiles remove": "Forget a profile and its tokens",
    "completion": "Print the completion script of a shell",
    "version": "Print the versions of tiketi and Python",
}

ALIASES: dict[str, str] = {"auth whoami": "auth me"}
"""Other words for a command, not shown in the help."""

COMMON_FLAGS: dict[str, str] = {
    "--json": "Print one JSON document; on stderr, what went wrong is one too",
    "--profile": "Use this profile instead of the chosen one (TIKETI_PROFILE)",
    "--url": "Talk to this address (TIKETI_URL); stored tokens stay at home",
    "--verbose": "Show each request and answer on stderr; -v for short",
    "--help": "Show help, with examples; -h for short",
}

_PYTHON_USES = frozenset({"import", "list", "map", "open"})


def members(words: str) -> dict[str, str]:
    """Next word → help of everything directly in a group; `""` is the root."""
    prefix = f"{words} " if words else ""
    found: dict[str, str] = {}
    for name, help_line in (*COMMANDS.items(), *GROUPS.items()):
        if name.startswith(prefix) and " " not in name[len(prefix) :]:
            found[name[len(prefix) :]] = help_line
    return found


def location(words: str) -> tuple[str, str]:
    """Module and function of a command."""
    path = ALIASES.get(words, words).replace("-", "_").split()
    name = path[-1]
    return ".".join(("tiketi_cli.commands", *path)), f"{name}_" if name in _PYTHON_USES else name
