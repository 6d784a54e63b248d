"""Amazon's services, where the settings name them; botocore is imported when the first call is made."""
