"""`python -m truncal`."""

from truncal.cli import main

raise SystemExit(main())
